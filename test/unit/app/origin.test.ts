import { describe, expect, it } from 'vitest';
import { isSameOrigin, originOf } from '../../../app/_auth/origin';

const headers = (values: Record<string, string>) => new Headers(values);

describe('isSameOrigin', () => {
  it('accepts a page of the address that the request went to', () => {
    expect(isSameOrigin(headers({ host: '127.0.0.1:3000', origin: 'http://127.0.0.1:3000' }), null)).toBe(true);
  });

  it('refuses another site, another port, no origin and the opaque origin', () => {
    const host = { host: '127.0.0.1:3000' };
    expect(isSameOrigin(headers({ ...host, origin: 'http://evil.example' }), null)).toBe(false);
    expect(isSameOrigin(headers({ ...host, origin: 'http://127.0.0.1:3001' }), null)).toBe(false);
    expect(isSameOrigin(headers({ ...host, origin: 'https://127.0.0.1:3000' }), null)).toBe(false);
    expect(isSameOrigin(headers({ ...host, origin: 'null' }), null)).toBe(false);
    expect(isSameOrigin(headers(host), null)).toBe(false);
    expect(isSameOrigin(headers({ ...host, origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'cross-site' }), null)).toBe(false);
  });

  it('believes only the configured address where there is one', () => {
    const forged = headers({ host: 'evil.example', origin: 'http://evil.example' });
    expect(isSameOrigin(forged, 'https://plumbline.example.org')).toBe(false);
    expect(isSameOrigin(headers({ host: 'inner:3000', origin: 'https://plumbline.example.org' }), 'https://plumbline.example.org')).toBe(
      true,
    );
  });

  it('reads what a proxy in front says of itself', () => {
    expect(originOf(headers({ host: 'inner:3000', 'x-forwarded-host': 'out.example', 'x-forwarded-proto': 'https, http' }))).toBe(
      'https://out.example',
    );
  });
});
