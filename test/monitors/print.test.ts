import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { printJobs } from '../../lib/monitors/print.ts';

describe('jobs as YAML', () => {
  const rule = { source_labels: ['job'], target_label: 'x', replacement: '' };

  test('are printed without aliases, and with quotes where YAML 1.1 or 1.2 would take a text for another value', () => {
    const relabel_configs = [
      rule,
      rule,
      { target_label: 'on', replacement: 'yes' },
      { regex: '0777' },
      { regex: '0o17' },
    ];
    expect(printJobs([{ job_name: 'a', relabel_configs }], ['One line.', 'Another.'])).toBe(`# One line.
# Another.
scrape_configs:
  - job_name: a
    relabel_configs:
      - source_labels:
          - job
        target_label: x
        replacement: ""
      - source_labels:
          - job
        target_label: x
        replacement: ""
      - target_label: "on"
        replacement: "yes"
      - regex: "0777"
      - regex: "0o17"
`);
  });

  test('no jobs are an empty list', () => {
    expect(parse(printJobs([], []))).toEqual({ scrape_configs: [] });
  });
});
