import { expect } from 'chai';
import { PasswordStrength, type StrengthInput } from '../../src/passwords/password-strength.js';
import { catchRejection } from '../support/rejections.js';
import { TestApp } from '../support/test-app.js';
import { recordWork } from '../support/work.js';

const password = 'correct horse battery';

describe('POST /password/check', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start({
      settings: {
        LATCHKEY_TRUSTED_PROXIES: 'loopback',
        LATCHKEY_PASSWORD_CONTEXT_WORDS: 'Straußwirt',
        LATCHKEY_PASSWORD_CHECK_LIMIT: '5',
      },
    });
  });
  after(() => app.close());

  let asked = 0;
  const check = (body: object, language?: string) => {
    // Each from an address of its own, so that the limit does not matter.
    const request = app.post('/password/check', body).set('X-Forwarded-For', `192.0.2.${++asked}`);
    return language === undefined ? request : request.set('Accept-Language', language);
  };

  it('says without a login how strong a password is', async () => {
    const { body } = await check({ password: 'stapler battery horse correct 71' }).expect(200);
    expect(body).to.deep.include({ allowed: true, score: 4, strength: 'very_strong', text: 'Very strong' });
    expect(body.suggestions).to.deep.equal([]);
    expect(body).not.to.have.any.keys('refusal', 'warning');
    expect(body.guesses_log10).to.be.above(10);
  });

  for (const [what, given, code, text] of [
    ['is too short', { password: 'x9!kQ2' }, 'too_short', 'must have 8 characters or more'],
    [
      'is common',
      { password: 'Sunshine' },
      'common',
      'is among the most common passwords, which are tried first',
    ],
    [
      'has a word of the settings',
      { password: 'straußwirt1' },
      'context_word',
      'must have 6 characters or more beside “Straußwirt”: names are tried first',
    ],
    [
      'has the name of the account',
      { password: 'ada-lovelace', username: 'ada.lovelace' },
      'context_word',
      'must have 6 characters or more beside “lovelace”: names are tried first',
    ],
    [
      'has the name of the mailbox',
      { password: 'countess99', email: 'countess@example.org' },
      'context_word',
      'must have 6 characters or more beside “countess”: names are tried first',
    ],
  ] as const) {
    it(`says why one may not be set that ${what}, and does not call it strong`, async () => {
      const { body } = await check(given).expect(200);
      expect(body).to.deep.include({
        allowed: false,
        refusal: { code, text },
        score: 0,
        strength: 'very_weak',
        text: 'Very weak',
      });
    });
  }

  it('says what makes one weak, in English and German', async () => {
    const { body: english } = await check({ password: 'kartoffelkartoffel' }).expect(200);
    expect(english).to.deep.include({ allowed: true, strength: 'weak', text: 'Weak' });
    expect(english.warning).to.be.a('string');
    expect(english.suggestions).not.to.be.empty;
    const { body: german } = await check({ password: 'kartoffelkartoffel', language: 'de' }).expect(200);
    expect(german).to.deep.include({ allowed: true, strength: 'weak', text: 'Schwach' });
    expect(german.warning).to.match(/leicht zu erraten/);
    expect(german.guesses_log10).to.equal(english.guesses_log10);
  });

  for (const [header, text] of [
    ['de-AT,de;q=0.9,en;q=0.5', 'Sehr schwach'],
    ['fr,en;q=0.9,de;q=0.5', 'Very weak'],
    ['fr', 'Very weak'],
    ['*', 'Very weak'],
  ] as const) {
    it(`chooses its language by Accept-Language: ${header}`, async () => {
      const { body } = await check({ password: 'sunshine' }, header).expect(200);
      expect(body).to.include({ text });
    });
  }

  it('takes names that it is given for words of little strength', async () => {
    const { body: without } = await check({ password: 'Zwickelbräu99 am Berg' }).expect(200);
    const { body: withName } = await check({
      password: 'Zwickelbräu99 am Berg',
      display_name: 'Zwickelbräu',
    }).expect(200);
    expect(withName.guesses_log10).to.be.below(without.guesses_log10 as number);
  });

  it('does the same for a name that somebody has: neither a statement nor a hash', async () => {
    await check({ password }).expect(200);
    const work = await recordWork(async () => {
      await check({ password, username: 'admin' }).expect(200);
      await check({ password, username: 'nobody' }).expect(200);
    });
    expect(work).to.deep.equal([]);
  });

  for (const [what, body, field] of [
    ['no password', {}, 'password'],
    ['an empty one', { password: '' }, 'password'],
    ['one that is too long', { password: 'x'.repeat(4097) }, 'password'],
    ['a language that it does not have', { password, language: 'fr' }, 'language'],
    ['a field too much', { password, name: 'x' }, 'name'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { body: problem } = await check(body).expect(422);
      expect(problem.errors).to.have.all.keys(field);
    });
  }

  it('is limited per address, and says how many are left', async () => {
    const ask = () => app.post('/password/check', { password }).set('X-Forwarded-For', '198.51.100.1');
    for (let left = 4; left >= 0; left -= 1) {
      const { headers } = await ask().expect(200);
      expect(headers['ratelimit']).to.match(new RegExp(`^"requests";r=${left};t=`));
    }
    const { body, headers } = await ask().expect(429);
    expect(body).to.include({ code: 'too_many_requests' });
    expect(Number(headers['retry-after'])).to.be.within(1, 60);
  });

  it('is asked to be tried again later where its thread ends', async () => {
    const other = await TestApp.start();
    process.once('worker', (worker) => void worker.terminate());
    const { body, headers } = await other.post('/password/check', { password }).expect(503);
    expect(body).to.include({ code: 'busy' });
    expect(headers['retry-after']).to.equal('2');
    await other.post('/password/check', { password }).expect(200);
    await other.close();
  });

  it('is counted', async () => {
    const metrics = await app.services.metrics.render('text/plain');
    expect(metrics).to.match(/latchkey_password_strength_estimates_total\{outcome="estimated"\} \d+/);
  });
});

describe('POST /password/check where the settings say 0', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start({ settings: { LATCHKEY_PASSWORD_CHECK_LIMIT: '0' } });
  });
  after(() => app.close());

  it('is off', async () => {
    const { body } = await app.post('/password/check', { password }).expect(404);
    expect(body).to.include({ code: 'password_check_off' });
  });
});

describe('The strength of a password', () => {
  const ask = (text: string): StrengthInput => ({ password: text, words: [], language: 'en' });

  it('is computed for twenty at a time, and the next ones are refused', async () => {
    const strength = new PasswordStrength();
    const asked = Array.from({ length: 20 }, () => strength.estimate(ask(password)));
    const problem = await catchRejection(strength.estimate(ask(password)));
    expect(problem).to.include({ code: 'too_many_requests', status: 429 });
    expect(await Promise.all(asked)).to.have.length(20);
    expect(strength.counts).to.deep.equal({ estimated: 20, refused: 1, timed_out: 0 });
  });

  it('takes the event loop no time, whatever the password is', async () => {
    const strength = new PasswordStrength();
    await strength.estimate(ask(password));
    const before = process.threadCpuUsage();
    for (const each of [
      '1!'.repeat(2000),
      '0123456789'.repeat(400),
      '4@8({[<3'.repeat(500),
      '😀'.repeat(1000),
    ]) {
      const { score } = await strength.estimate(ask(each));
      expect(score).to.be.within(0, 4);
    }
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000).to.be.below(100);
  });
});
