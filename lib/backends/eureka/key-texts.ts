import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `eureka_sd_configs`. */
export const eurekaTexts: KeyTexts = {
  server: ['URL of the Eureka server.', 'http://eureka.internal:8761/eureka'],
};
