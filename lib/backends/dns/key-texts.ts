import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `dns_sd_configs`. */
export const dnsTexts: KeyTexts = {
  names: ['Names that are looked up.', ['_metrics._tcp.web.example.com']],
  type: ['Type of the records.', 'A'],
  port: ['Port of the targets. Required for all types but SRV.', 9100],
  nameservers: [
    "IP addresses that are asked instead of the machine's servers. Muster's own.",
    ['10.0.0.2:53'],
  ],
  protocol: ["`udp`, with TCP where an answer did not fit, or `tcp` alone. Muster's own.", 'tcp'],
};
