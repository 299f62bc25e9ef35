import { isMusterError, type MusterError } from '../errors.ts';

/**
 * How an etag stands in `If-Match`. HTTP wants it quoted, as it came; Ceph's RADOS gateway (16.2, and hosted stores built
 * on it) compares with the bare one, and refuses every quoted one.
 */
export const etagForms = ['quoted', 'bare'] as const;
export type EtagForm = (typeof etagForms)[number];

/** What is known of a store: the form that it takes. */
export interface KnownEtags {
  form: EtagForm;
}

/** The etag as the header is to hold it. */
export function inForm(etag: string, form: EtagForm): string {
  return form === 'bare' ? etag.replace(/^"(.*)"$/, '$1') : etag;
}

/**
 * Sends again, in the form that was not tried, what a store refused although its condition held, and remembers the form
 * if that one is taken. Throws the first refusal when this one is refused, too: then somebody else was faster.
 */
export async function inOtherForm<T>(
  etags: KnownEtags,
  tried: EtagForm,
  refusal: MusterError,
  send: (form: EtagForm) => Promise<T>,
): Promise<T> {
  const form = tried === 'quoted' ? 'bare' : 'quoted';
  try {
    const result = await send(form);
    etags.form = form;
    return result;
  } catch (error) {
    throw isMusterError(error, 'conflict') ? refusal : error;
  }
}
