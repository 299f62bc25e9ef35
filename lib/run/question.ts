import { editDistance } from '../config/problem.ts';
import { compare } from '../targets/canonical.ts';
import { addressLabel, type LabelSet } from '../targets/group.ts';
import { identifyingLabels } from '../targets/identifying.ts';
import type { ProviderId } from '../targets/keys.ts';
import { relabel } from '../targets/relabel.ts';
import type { RelabelConfig } from '../targets/relabel-config.ts';

/** The rules of a job, and who runs them. */
export interface JobRules {
  readonly rules: readonly RelabelConfig[];
  /** Labels which a target has before the rules unless discovery sets them. */
  readonly scrapeLabels: LabelSet;
  /** `muster` ran them before it published the list, `prometheus` runs them after. */
  readonly run: 'muster' | 'prometheus';
}

/** Which targets are meant: those that all terms fit. */
export interface Question {
  /** As it was asked. */
  readonly text: string;
  readonly terms: readonly Term[];
}

type Term =
  /** The address, with or without its port. */
  | { readonly kind: 'address'; readonly text: string }
  /** A label, by its own or by its short name, as in `pod`. */
  | { readonly kind: 'label'; readonly name: string; readonly value: string };

/** Reads `10.0.0.7:9100`, `10.0.0.7` or `pod=web-1`; of several all must fit. */
export function readQuestion(words: readonly string[]): Question {
  const terms = words.map((word): Term => {
    const [, name, value] = /^([^=:/?]+)=(.*)$/su.exec(word) ?? [];
    if (name !== undefined && value !== undefined) return { kind: 'label', name, value };
    return { kind: 'address', text: word };
  });
  return { text: words.join(' '), terms };
}

/**
 * Says which published labels are meant. Where Prometheus runs the rules, and they are known, a label that they make
 * counts too.
 */
export function openMatcher({ terms }: Question, rules: JobRules | undefined): (labels: LabelSet) => boolean {
  const afterRules = (labels: LabelSet) => {
    if (rules === undefined) return undefined;
    const before = { ...rules.scrapeLabels, ...labels };
    return rules.run === 'muster' ? before : relabel(before, rules.rules);
  };
  return (labels) => {
    const left = terms.filter((term) => !fits(term, labels));
    if (left.length === 0) return true;
    // An address is looked for as it is published: the rules of a probe put the same one on every target.
    if (left.some(({ kind }) => kind === 'address')) return false;
    const after = afterRules(labels);
    return after !== undefined && left.every((term) => fits(term, after));
  };
}

function fits(term: Term, labels: LabelSet): boolean {
  if (term.kind === 'address') {
    const address = labels[addressLabel];
    return address !== undefined && (address === term.text || hostOf(address) === term.text);
  }
  const { name, value } = term;
  if (Object.hasOwn(labels, name)) return labels[name] === value;
  return value !== '' && identifyingLabels(labels).some((one) => one.name === name && one.value === value);
}

/** The host of `host:port`; undefined if there is no port. */
function hostOf(address: string): string | undefined {
  return /^(.*):\d+$/s.exec(address)?.[1];
}

/** Something that exists, near to what was asked for and does not. */
export interface Near extends ProviderId {
  /** A target by its address, or a label as `name=value`. */
  readonly text: string;
  readonly kind: 'address' | 'label';
  /** 0 for another port of the host; else letters to change. */
  readonly distance: number;
}

/** Collects what is nearest to a question among the targets that it is shown. */
export interface NearCollector {
  show(id: ProviderId, labels: LabelSet): void;
  /** The nearest, at most three. */
  found(): readonly Near[];
}

const mostNear = 3;

/** Only the first term that fits no target counts. */
export function openNear({ terms }: Question): NearCollector {
  const open = terms.map((term) => ({ term, fitted: false, near: new Map<string, Near>() }));
  return {
    show(id, labels) {
      for (const one of open) {
        if (one.fitted) continue;
        if (fits(one.term, labels)) one.fitted = true;
        else for (const near of nearOf(one.term, id, labels)) keep(one.near, near);
      }
    },
    found() {
      const missed = open.find(({ fitted }) => !fitted);
      return [...(missed?.near.values() ?? [])].sort(byDistance);
    },
  };
}

function* nearOf(term: Term, { job, provider }: ProviderId, labels: LabelSet): Generator<Near> {
  if (term.kind === 'address') {
    const address = labels[addressLabel];
    if (address === undefined) return;
    const host = hostOf(term.text) ?? term.text;
    const isSameHost = (hostOf(address) ?? address) === host;
    const distance = isSameHost ? 0 : boundedDistance(term.text, address);
    if (distance !== undefined) yield { kind: 'address', text: address, distance, job, provider };
    return;
  }
  const { name, value } = term;
  const short = identifyingLabels(labels).map((one) => [one.name, one.value] as const);
  for (const [own, text] of [...Object.entries(labels), ...short]) {
    const distance =
      own === name ? boundedDistance(value, text) : text === value ? boundedDistance(name, own) : undefined;
    if (distance !== undefined) yield { kind: 'label', text: `${own}=${text}`, distance, job, provider };
  }
}

/** Beyond half of its letters it is something else. */
function boundedDistance(wanted: string, there: string): number | undefined {
  const limit = Math.max(1, Math.floor(Math.min(wanted.length, 60) / 2));
  if (Math.abs(wanted.length - there.length) > limit) return undefined;
  const distance = editDistance(wanted, there);
  return distance <= limit ? distance : undefined;
}

function keep(near: Map<string, Near>, one: Near): void {
  if (near.has(one.text)) return;
  near.set(one.text, one);
  if (near.size <= mostNear) return;
  const worst = [...near.values()].sort(byDistance).at(-1);
  if (worst !== undefined) near.delete(worst.text);
}

function byDistance(a: Near, b: Near): number {
  return a.distance - b.distance || compare(a.text, b.text);
}
