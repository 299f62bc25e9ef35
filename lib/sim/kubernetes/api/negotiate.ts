import type { Form } from './answers.ts';

/** What a real API server offers, in the words of its 406. YAML is the one that the simulation cannot speak. */
export const offeredTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
];

/** The form for an `Accept` header: of the types that are spoken the one liked best, then named first. */
export function negotiate(accept: string | undefined): Form | undefined {
  if (accept === undefined || accept.trim() === '') return 'json';
  const wishes = accept
    .split(',')
    .map((wish) => {
      const [type = '', ...parameters] = wish.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      const as = parameters.some((parameter) => parameter.startsWith('as='));
      return {
        form: as ? undefined : forms[type],
        quality: quality === undefined ? 1 : Number(quality.slice(2)),
      };
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  return wishes.find(({ form }) => form !== undefined)?.form;
}

const forms: Readonly<Record<string, Form>> = {
  'application/json': 'json',
  'application/vnd.kubernetes.protobuf': 'protobuf',
  'application/*': 'json',
  '*/*': 'json',
};
