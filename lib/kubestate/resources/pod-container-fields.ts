import { flag, integer, quantities, type Slots, text, time, word } from '../object/fields.ts';
import { pointer, struct } from '../object/messages.ts';

/** `Container` */
export const container = {
  name: word(1),
  image: word(2),
  resources: struct(8, { limits: quantities(1), requests: quantities(2) }),
  restartPolicy: word(24),
} satisfies Slots;

const terminated = { exitCode: integer(1), reason: word(3), startedAt: time(5), finishedAt: time(6) };

/** `ContainerStatus` */
export const containerStatus = {
  name: word(1),
  state: struct(2, {
    waiting: pointer(1, { reason: word(1) }),
    running: pointer(2, { startedAt: time(1) }),
    terminated: pointer(3, terminated),
  }),
  lastState: struct(3, { terminated: pointer(3, terminated) }),
  ready: flag(4),
  restartCount: integer(5),
  image: word(6),
  imageID: word(7),
  containerID: text(8),
} satisfies Slots;
