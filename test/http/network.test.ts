import { expect } from 'chai';
import fc from 'fast-check';
import { networkOf, siteOf } from '../../src/http/network.js';

describe('networkOf and siteOf', () => {
  it('return an IPv4 address without port, brackets and zone id', () => {
    for (const form of ['192.0.2.1', '192.0.2.1:5678', '::ffff:192.0.2.1', '[64:ff9b::c000:201]:443']) {
      expect(networkOf(form), form).to.equal('192.0.2.1');
      expect(siteOf(form), form).to.be.undefined;
    }
    expect(networkOf('192.0.2.2')).not.to.equal('192.0.2.1');
  });

  it('return the /64 and the /48 of an IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const network = networkOf(address);
        fc.pre(network.split('.').length === 8);
        expect(network.startsWith(`${siteOf(address) ?? '?'}.`)).to.be.true;
      }),
    );
    expect(networkOf('2001:db8:0:1::1')).to.equal(networkOf('[2001:db8:0:1:ffff::2%eth0]:80'));
    expect(networkOf('2001:db8:0:1::1')).not.to.equal(networkOf('2001:db8:0:2::1'));
    expect(siteOf('2001:db8:0:1::1')).to.equal(siteOf('2001:db8:0:2::1'));
    expect(siteOf('2001:db8:0:1::1')).not.to.equal(siteOf('2001:db8:1:1::1'));
  });

  it('return one network for everything that is not an address', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/\d|::/.test(text));
        expect(networkOf(text)).to.equal('');
        expect(siteOf(text)).to.be.undefined;
      }),
    );
  });
});
