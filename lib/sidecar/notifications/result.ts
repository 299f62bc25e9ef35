/**
 * What became of a message: its change was mirrored, its round failed so that it stays, it spoke of nothing here, or it
 * was no notification; `error`: the queue did not answer.
 */
export const notificationResults = ['mirrored', 'failed', 'ignored', 'unknown', 'error'] as const;
export type NotificationResult = (typeof notificationResults)[number];
