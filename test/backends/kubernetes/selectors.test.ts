import { describe, expect, test } from '@jest/globals';
import { fieldSelectorProblem, labelSelectorProblem } from '../../../lib/backends/kubernetes/selectors.ts';

describe('a label selector that the API server takes', () => {
  test.each([
    '',
    ' \t',
    'a',
    '!a',
    'a,!b , c',
    'a=b',
    'a==b',
    'a!=b',
    'a=',
    'a=,b',
    'example.com/a.b_c-d=E.f_g-h',
    'a in (b)',
    'a notin (b, c)',
    'a in (,b)',
    'a in (b,)',
    'a in (,,)',
    'in in (in, notin)',
    'a=in',
    'a>5',
    'a < 05',
    `${'a'.repeat(63)}=${'b'.repeat(63)}`,
  ])('%j', (selector) => {
    expect(labelSelectorProblem(selector)).toBeUndefined();
  });
});

describe('a label selector that it refuses', () => {
  test.each([
    [',a', 'has "," where "!" or a key should be'],
    ['a,', 'ends where a key after "," should be'],
    ['a,,b', 'has "," where a key after "," should be'],
    ['!', 'ends where a key should be'],
    ['!a=b', 'has "=" where "," or the end should be'],
    ['a b', 'has "b" where one of =, ==, !=, in, notin, < and > should be'],
    ['a=b c', 'has "c" where "," or the end should be'],
    ['a===b', 'has "=" where a value after "==" should be'],
    ['a in', 'ends where "(" after "in" should be'],
    ['a in b', 'has "b" where "(" after "in" should be'],
    ['a in ()', 'the set after "in" must not be empty'],
    ['a in (b', 'ends where "," or ")" should be'],
    ['a in (b c)', 'has "c" where "," or ")" should be'],
    ['a notin (=)', 'has "=" where a value or "," should be'],
    ['a>b', '">" must be followed by a whole number'],
    ['a<', '"<" must be followed by a whole number'],
    ['a>9223372036854775808', '">" must be followed by a whole number'],
    [
      '-a',
      '"-a" is not the key of a label: 63 letters, digits, "-", "_" and "." at most, a letter or digit at both ends',
    ],
    [
      'Example.com/a',
      '"Example.com/a" is not the key of a label: in front of its one "/" there must be a domain name',
    ],
    ['a/b/c', '"a/b/c" is not the key of a label: in front of its one "/" there must be a domain name'],
    [
      'a=b/c',
      '"b/c" is not the value of a label: 63 letters, digits, "-", "_" and "." at most, a letter or digit at both ends',
    ],
    [
      `a=${'b'.repeat(64)}`,
      `"${'b'.repeat(64)}" is not the value of a label: 63 letters, digits, "-", "_" and "." at most, a letter or digit at both ends`,
    ],
  ])('%j', (selector, problem) => {
    expect(labelSelectorProblem(selector)).toBe(problem);
  });
});

describe('a field selector that the API server takes', () => {
  test.each([
    '',
    'a=b',
    'a==b',
    'a!=b',
    'a=',
    'a=b,,c=d,',
    'metadata.name=x,spec.nodeName!=y',
    'a=b\\,c',
    'a=b\\=c\\\\',
  ])('%j', (selector) => {
    expect(fieldSelectorProblem(selector)).toBeUndefined();
  });
});

describe('a field selector that it refuses', () => {
  test.each([
    ['a', '"a" is not of the form field=value, field==value or field!=value'],
    ['a=b,c', '"c" is not of the form field=value, field==value or field!=value'],
    ['a=b=c', '"a=b=c" has a "=" in its value: write it as "\\="'],
    ['a=b\\c', '"a=b\\c" has a "\\" that is not followed by "\\", "," or "="'],
    ['a=b\\', '"a=b\\" has a "\\" that is not followed by "\\", "," or "="'],
  ])('%j', (selector, problem) => {
    expect(fieldSelectorProblem(selector)).toBe(problem);
  });
});
