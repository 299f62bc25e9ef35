import Sequencer from '@jest/test-sequencer';

const order = ['long', 'programs', 'unit'];

/** Long files first, so that none starts when the others have ended and leaves the second core idle. */
export default class extends Sequencer {
  sort(tests) {
    const rank = (test) => order.indexOf(test.context.config.displayName?.name);
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
}
