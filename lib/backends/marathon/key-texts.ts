import { forms, type KeyTexts } from '../../config/key-texts.ts';

/** The keys of `marathon_sd_configs`. */
export const marathonTexts: KeyTexts = {
  servers: ['URLs of Marathon; the first that answers is used.', ['https://marathon.internal:8443']],
  auth_token: ['Token for DC/OS.', 'secret'],
  ...forms('auth_token', 'The token'),
};
