import { describe, expect, test } from '@jest/globals';
import { parseXml, type XmlElement } from '../../../lib/backends/eureka/xml.ts';
import { toMusterError } from '../../../lib/base/errors.ts';

const parse = (text: string, type = 'application/xml') => parseXml(Buffer.from(text), type);

/** The element's parts in short. */
function shape({ name, attributes, text, inner, children }: XmlElement): object {
  return { name, attributes: Object.fromEntries(attributes), text, inner, children: children.map(shape) };
}

const leaf = (name: string, text: string, inner = text, attributes = {}) => ({
  ...{ name, attributes, text, inner },
  children: [],
});

describe('an element', () => {
  test.each([
    ['<a/>', leaf('a', '')],
    ['<a></a >', leaf('a', '')],
    ['<a>x</a> <b', leaf('a', 'x')],
    ['\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- c - d -->\n<a>x</a>', leaf('a', 'x')],
    ['<!DOCTYPE a [<!ENTITY e "x>y">]><a>x</a>', leaf('a', 'x')],
    [
      '<a>1 &lt; 2 &amp;&#38;&#x26; &quot;&apos;</a>',
      leaf('a', '1 < 2 &&& "\'', '1 &lt; 2 &amp;&#38;&#x26; &quot;&apos;'),
    ],
    ['<a>&amp;lt;</a>', leaf('a', '&lt;', '&amp;lt;')],
    ['<a>x<![CDATA[<y>&amp;]]]>z</a>', leaf('a', 'x<y>&amp;]z', 'x<![CDATA[<y>&amp;]]]>z')],
    ['<a>x<!-- <b> -->y<?p?>z</a>', leaf('a', 'xyz', 'x<!-- <b> -->y<?p?>z')],
    ['<a>1\r\n2\r3</a>', leaf('a', '1\n2\n3', '1\r\n2\r3')],
    [`<a b="1" c = '"&gt;'d="2"/>`, leaf('a', '', '', { b: '1', c: '">', d: '2' })],
    ['<n:a n:b="1"></n:a>', leaf('a', '', '', { b: '1' })],
    ['<größe.x-1>ü</größe.x-1>', leaf('größe.x-1', 'ü')],
  ])('%j', (text, expected) => {
    expect(shape(parse(text))).toEqual(expected);
  });

  test('has its children, and the text between them', () => {
    expect(shape(parse('<a>x<b>1</b>y<b/></a>'))).toEqual({
      ...{ name: 'a', attributes: {}, text: 'xy', inner: 'x<b>1</b>y<b/>' },
      children: [leaf('b', '1'), leaf('b', '')],
    });
  });
});

const says = (text: string | Uint8Array, type = 'application/xml') => {
  try {
    return parseXml(Buffer.from(text), type).name;
  } catch (error) {
    const { kind, message } = toMusterError(error);
    return `${kind}: ${message}`;
  }
};

describe('what is not well-formed is refused, by its place and not its text', () => {
  test.each([
    ['', 'an empty body'],
    [' \n', 'an empty body'],
    ['secret', 'text that is not XML'],
    ['<a>secret', 'XML that breaks off after 9 bytes'],
    ['<a><b>x</b>', 'XML that breaks off after 11 bytes'],
    ['<a', 'XML that breaks off after 2 bytes'],
    ['<a><!-- x', 'XML that breaks off after 9 bytes'],
    ['<a><![CDATA[x', 'XML that breaks off after 13 bytes'],
    ['<a></b>', 'an end tag of another element at character 3'],
    ['</a>', 'an end tag of another element at character 0'],
    ['<a><b></a></b>', 'an end tag of another element at character 6'],
    ['<a b=1/>', 'a tag that is not well-formed at character 0'],
    ['<a b/>', 'a tag that is not well-formed at character 0'],
    ['<a b="<"/>', 'a tag that is not well-formed at character 0'],
    ['<1/>', 'a tag that is not well-formed at character 0'],
    ['<a></a b="1">', 'an end tag that is not well-formed at character 3'],
    ['<a:b:c/>', 'a name with several colons at character 0'],
    ['<a>&nbsp;</a>', 'an entity that is not known at character 3'],
    ['<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', 'an entity that is not known at character 33'],
    ['<a>x & y</a>', 'an entity that is not known at character 3'],
    ['<a>&#x110000;</a>', 'an entity that is not known at character 3'],
    ['<a>&#0;</a>', 'a character that XML does not know at character 3'],
    ['<a>\u0001</a>', 'a character that XML does not know at character 3'],
    ['<a>]]></a>', '"]]>" in a text at character 3'],
    ['<a><!-- a -- b --></a>', 'a comment with "--" at character 10'],
    ['<![x]><a/>', 'a declaration that is not well-formed at character 0'],
    ['<?xml version="1.1"?><a/>', 'another version of XML at character 0'],
    ['<?xml version="1.0" encoding="latin1"?><a/>', 'XML that is not in UTF-8 at character 0'],
    ['<a>'.repeat(1001), 'elements that are nested too deeply at character 3000'],
  ])('%j', (text, what) => {
    expect(says(text)).toBe(`malformed: expected XML, got ${what}`);
  });

  test('another content type says more than the text', () => {
    expect(says('<br>', 'text/html; charset=utf-8')).toBe('malformed: expected XML, got text/html');
    expect(says(Uint8Array.of(0x3c, 0xff))).toBe('malformed: the answer is not valid UTF-8');
  });

  test('a long document of nothing but open ends takes linear time', () => {
    for (const part of ['<a ', '<a b="', '<!', '<![CDATA[', '&amp', '<a b="1" '])
      expect(says(`<a>${part.repeat(100_000)}`)).toMatch(/^malformed: /);
    expect(says(`<a${' '.repeat(1_000_000)}`)).toMatch(/breaks off/);
    expect(says(`<a${' b="1"'.repeat(100_000)}<>`)).toMatch(/not well-formed/);
  });
});
