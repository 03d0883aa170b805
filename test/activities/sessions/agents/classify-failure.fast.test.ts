import fc from 'fast-check';
import { classifyFailure } from '../../../../activities/sessions/agents/classify-failure';
import { readReset } from '../../../../activities/sessions/agents/read-reset';

const NOW = Date.parse('2026-11-21T12:00:00Z'); // a Saturday

describe('a failure that an agent reports', () => {
  it.each([
    ['rate_limit', '', 'Provider.RateLimited'],
    ['overloaded', '', 'Provider.Overloaded'],
    ['billing_error', '', 'Provider.Quota'],
    ['authentication_failed', '', 'Provider.Auth'],
    ['model_not_found', '', 'Provider.NotFound'],
    ['server_error', '', 'Provider.ServerError'],
    ['usage_limit_exceeded', 'Upgrade to Pro or buy credits.', 'Provider.RateLimited'],
    ['{"response_too_many_failed_attempts":{"http_status_code":429}}', '', 'Provider.RateLimited'],
    ['{"http_connection_failed":{"http_status_code":null}}', '', 'Provider.Network'],
    ['turn failed', 'exceeded retry limit, last status: 429', 'Provider.RateLimited'],
    ['turn failed', "You've hit your usage limit. Visit … to purchase more credits.", 'Provider.RateLimited'],
    ['unknown', "You've hit your session limit · resets 7pm", 'Provider.RateLimited'],
    ['unknown', "You've hit your monthly spend limit", 'Provider.Quota'],
    ['unknown', 'Your credit balance is too low', 'Provider.Quota'],
    ['turn failed', '{"error":{"type":"invalid_request_error","message":"too long"}}', 'Provider.Request'],
    ['completed', 'Not logged in · Please run /login', 'Provider.Auth'],
    ['unknown', 'I could not do it', 'Agent.Failed'],
    ['unknown', 'The author of the logging module suspended it and was credited.', 'Agent.Failed'],
    ['interrupted', 'Somebody interrupted the turn at the terminal.', 'Agent.Failed'],
  ])('"%s" "%s" is %s', (reason, message, type) => {
    expect(classifyFailure({ reason, message }, NOW)).toMatchObject({ type });
  });

  it('says when its limit is lifted', () => {
    const failure = { reason: 'rate_limit', message: "You've hit your session limit · resets 7pm (Europe/Berlin)" };
    expect(classifyFailure(failure, NOW).resetsAt).toBe(Date.parse('2026-11-21T18:00:00Z'));
  });

  it('says nothing of a limit that it does not have', () => {
    const failure = { reason: 'authentication_failed', message: 'Log in. The token resets in 3 hours.' };
    expect(classifyFailure(failure, NOW)).not.toHaveProperty('resetsAt');
  });
});

describe('the reset of a limit', () => {
  it.each([
    // in so long
    ['try again in 3 hours 5 minutes', '2026-11-21T15:05:00Z'],
    ['or try again in 3 days, 3 hours, and 5 minutes.', '2026-11-24T15:05:00Z'],
    ['Please try again in 20s. Visit …', '2026-11-21T12:00:20Z'],
    ['Please try again in 1.5s.', '2026-11-21T12:00:01.500Z'],
    ['resets in 1h 5m', '2026-11-21T13:05:00Z'],
    ['retry after 30 seconds', '2026-11-21T12:00:30Z'],
    ['Limit reached, resets in about 2 hours', '2026-11-21T14:00:00Z'],
    // seconds since 1970
    ['Claude AI usage limit reached|1795276800', '2026-11-21T16:00:00Z'],
    ['{"resets_at":1795276800}', '2026-11-21T16:00:00Z'],
    ['"resetsAt": 1795276800', '2026-11-21T16:00:00Z'],
    // a date and a time
    ['resets at 2026-11-22T03:00:00Z', '2026-11-22T03:00:00Z'],
    ['resets at 2026-11-22 03:00 UTC', '2026-11-22T03:00:00Z'],
    ['resets at 2026-11-22T03:00:00+02:00', '2026-11-22T01:00:00Z'],
    ['try again at Nov 24th, 2026 7:05 PM', '2026-11-24T19:05:00Z'],
    ['resets Nov 24, 7pm (Europe/Berlin)', '2026-11-24T18:00:00Z'],
    ['resets Jan 3, 9:30am (America/New_York)', '2027-01-03T14:30:00Z'],
    ['resets Mon 7:00 AM', '2026-11-23T07:00:00Z'],
    ['resets Sat 7:00 AM', '2026-11-28T07:00:00Z'],
    // a time of day: the next one
    ['resets 7pm', '2026-11-21T19:00:00Z'],
    ['resets at 7:30 PM', '2026-11-21T19:30:00Z'],
    ['resets 11am', '2026-11-22T11:00:00Z'],
    ['resets 12am', '2026-11-22T00:00:00Z'],
    ['try again at 12:30 pm', '2026-11-21T12:30:00Z'],
    ['resets 19:00', '2026-11-21T19:00:00Z'],
    ['limit · resets 7pm (Europe/Berlin)', '2026-11-21T18:00:00Z'],
    ['limit · resets 1:10pm (Asia/Kolkata)', '2026-11-22T07:40:00Z'],
    ['resets 3am (Pacific/Auckland)', '2026-11-21T14:00:00Z'],
    ['resets 6pm UTC', '2026-11-21T18:00:00Z'],
  ])('"%s" is at %s', (text, expected) => {
    const found = readReset(text, NOW, 'UTC');
    expect(found === undefined ? found : new Date(found).toISOString()).toBe(new Date(expected).toISOString());
  });

  it.each([
    'You have hit your limit.',
    'resets 7',
    'resets soon',
    'resets 99:99',
    'resets 7pm (Not/AZone)',
    'usage limit reached|1700000000',
    'resets at 2020-01-01T00:00:00Z',
    'resets Aug 3, 9am',
    'try again later',
    'port 1760000000 of the 2026 release',
  ])('"%s" says none that is to come', (text) => {
    expect(readReset(text, NOW, 'UTC')).toBeUndefined();
  });

  it('is told in the zone of the host where no other one is named', () => {
    expect(readReset('resets 7pm', NOW, 'America/New_York')).toBe(Date.parse('2026-11-22T00:00:00Z'));
    expect(readReset('resets at 2026-11-22 03:00', NOW, 'Europe/Berlin')).toBe(Date.parse('2026-11-22T02:00:00Z'));
  });

  it('keeps to the wall clock over a change of the clocks', () => {
    const evening = Date.parse('2026-10-24T20:00:00Z'); // in Berlin the clocks go back that night
    expect(readReset('resets 7am (Europe/Berlin)', evening)).toBe(Date.parse('2026-10-25T06:00:00Z'));
    const spring = Date.parse('2027-03-27T20:00:00Z'); // and here forward
    expect(readReset('resets 7am (Europe/Berlin)', spring)).toBe(Date.parse('2027-03-28T05:00:00Z'));
  });

  it('of a time of day is always within the next day, in every zone', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'Pacific/Chatham'];
    const moment = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2030-01-01') });
    fc.assert(
      fc.property(moment, fc.constantFrom(...zones), fc.nat(23), fc.nat(59), (now, zone, hour, minute) => {
        const text = `resets ${hour}:${String(minute).padStart(2, '0')} (${zone})`;
        const ahead = readReset(text, now)! - now;
        expect(ahead).toBeGreaterThan(0);
        expect(ahead).toBeLessThanOrEqual(26 * 3_600_000); // a day that has its clocks put back, or a moment more
      }),
    );
  });
});
