import { expect } from 'chai';
import fc from 'fast-check';
import { parseAddress, canonicalizeAddress } from '../../src/http/addresses.js';

describe('parseAddress and canonicalizeAddress', () => {
  const read = (text: string): string | undefined => {
    const bare = parseAddress(text);
    return bare === undefined ? undefined : canonicalizeAddress(bare);
  };
  const withPort = fc.integer({ min: 0, max: 65_535 }).map((port) => `:${port}`);
  const zone = fc.constantFrom('', '%eth0', '%1', '%en-0.2');

  it('ignore the port of an IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV4(), withPort, (address, port) => {
        expect(read(address)).to.equal(address);
        expect(read(`${address}${port}`)).to.equal(address);
      }),
    );
  });

  it('ignore brackets, port and zone id of an IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), withPort, zone, (address, port, id) => {
        const canonical = read(address);
        expect(canonical).to.be.a('string');
        expect(read(`${address}${id}`)).to.equal(canonical);
        expect(read(`[${address}${id}]`)).to.equal(canonical);
        expect(read(`[${address}${id}]${port}`)).to.equal(canonical);
        expect(read(canonical ?? '')).to.equal(canonical);
      }),
    );
  });

  const hexOf = (address: string): string => {
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  };

  for (const [what, prefix] of [
    ['mapped', '::ffff:'],
    ['translated', '::ffff:0:'],
    ['of NAT64', '64:ff9b::'],
    ['of a network’s own NAT64', '64:ff9b:1::'],
  ] as const) {
    it(`of IPv6 that is an IPv4 address, ${what}, is that one, dotted or not`, () => {
      fc.assert(
        fc.property(fc.ipV4(), (address) => {
          expect(read(`${prefix}${address}`)).to.equal(address);
          expect(read(`${prefix}${hexOf(address)}`)).to.equal(address);
          expect(read(`[${prefix}${hexOf(address).toUpperCase()}]:443`)).to.equal(address);
        }),
      );
    });
  }

  it('extract the IPv4 address from 6to4, Teredo and IPv4-compatible addresses', () => {
    expect(read('2002:c000:201::1')).to.equal('192.0.2.1');
    expect(read('2002:c000:201:ffff::2')).to.equal('192.0.2.1');
    expect(read('2001:0:4136:e378:8000:63bf:3fff:fdd2')).to.equal('192.0.2.45');
    expect(read('::192.0.2.1')).to.equal('192.0.2.1');
    expect(read('::c000:201')).to.equal('192.0.2.1');
  });

  it('keep an IPv6 address in which a device can choose the IPv4 address', () => {
    expect(read('2001:db8::5efe:192.0.2.1')).to.equal('2001:db8::5efe:c000:201');
    expect(read('2001:db8::200:5efe:192.0.2.1')).to.equal('2001:db8::200:5efe:c000:201');
    expect(read('::1')).to.equal('::1');
    expect(read('::')).to.equal('::');
  });

  it('return one canonical form', () => {
    for (const spelling of ['2001:DB8::1', '2001:0db8:0:0:0:0:0:1', '2001:db8:0::0:1', ' [2001:db8::1] '])
      expect(read(spelling), spelling).to.equal('2001:db8::1');
  });

  it('return undefined for anything else', () => {
    const others = [
      '',
      'unknown',
      '_hidden',
      '1',
      '192.0.2',
      '192.0.2.256',
      '010.0.0.1',
      '0x7f.0.0.1',
      '192.0.2.1:',
      '192.0.2.1:port',
      '192.0.2.1:123456',
      '192.0.2.1:1:2',
      '[192.0.2.1]:80',
      '[2001:db8::1',
      '2001:db8::1]',
      '[2001:db8::1]80',
      '[2001:db8::1]:',
      '[[2001:db8::1]]',
      '[]:80',
      ':80',
      'localhost:80',
      '192.0.2.1, 192.0.2.2',
    ];
    for (const other of others) expect(read(other), other).to.be.undefined;
  });

  it('never throw, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('[]:%.0123456789abcdef ,x')) }), (text) => {
        const bare = parseAddress(text);
        if (bare !== undefined) expect(canonicalizeAddress(bare)).to.be.a('string');
      }),
      { numRuns: 2000 },
    );
  });
});
