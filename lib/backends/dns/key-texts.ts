import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `dns_sd_configs`. */
export const dnsTexts: KeyTexts = {
  names: ['Names to look up.', ['_metrics._tcp.web.example.com']],
  type: ['Type of the records.', 'A'],
  port: ['Port of the targets. Required for all types but SRV.', 9100],
  nameservers: ["IP addresses of DNS servers, instead of the machine's. Muster's own key.", ['10.0.0.2:53']],
  protocol: ["`udp`, with TCP for answers that do not fit, or only `tcp`. Muster's own key.", 'tcp'],
};
