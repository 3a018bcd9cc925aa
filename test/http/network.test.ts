import { expect } from 'chai';
import fc from 'fast-check';
import { getNetwork, getSite, getWideNetwork } from '../../src/http/network.js';

describe('getNetwork and getSite', () => {
  it('return an IPv4 address without port, brackets and zone id', () => {
    for (const form of ['192.0.2.1', '192.0.2.1:5678', '::ffff:192.0.2.1', '[64:ff9b::c000:201]:443']) {
      expect(getNetwork(form), form).to.equal('192.0.2.1');
      expect(getSite(form), form).to.be.undefined;
    }
    expect(getNetwork('192.0.2.2')).not.to.equal('192.0.2.1');
  });

  it('return the /64 and the /48 of an IPv6 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const network = getNetwork(address);
        fc.pre(network.split('.').length === 8);
        expect(network.startsWith(`${getSite(address) ?? '?'}.`)).to.be.true;
      }),
    );
    expect(getNetwork('2001:db8:0:1::1')).to.equal(getNetwork('[2001:db8:0:1:ffff::2%eth0]:80'));
    expect(getNetwork('2001:db8:0:1::1')).not.to.equal(getNetwork('2001:db8:0:2::1'));
    expect(getSite('2001:db8:0:1::1')).to.equal(getSite('2001:db8:0:2::1'));
    expect(getSite('2001:db8:0:1::1')).not.to.equal(getSite('2001:db8:1:1::1'));
  });

  it('leave the network of a household, as getWideNetwork returns it to be shown', () => {
    expect(getWideNetwork('192.0.2.77:5678')).to.equal('192.0.2.0/24');
    expect(getWideNetwork('::ffff:192.0.2.1')).to.equal('192.0.2.0/24');
    expect(getWideNetwork('[2001:db8:1:2:3::4]:443')).to.equal('2001:db8:1::/48');
    expect(getWideNetwork('unknown')).to.equal('');
  });

  it('return one network for everything that is not an address', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/\d|::/.test(text));
        expect(getNetwork(text)).to.equal('');
        expect(getSite(text)).to.be.undefined;
      }),
    );
  });
});
