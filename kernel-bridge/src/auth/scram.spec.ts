import { ScramExchange, ScramFault, makeVerifier, pretendedVerifier, readFirstMessage } from './scram';

/** The example of RFC 7677, section 3: user `user`, password `pencil`. */
const RFC = {
  first: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  ownNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  challenge: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  last:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,' +
    'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  proof: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='
};
const verifier = {
  iterations: 4096,
  salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
  storedKey: Buffer.from('WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=', 'base64'),
  serverKey: Buffer.from('wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=', 'base64')
};
const exchange = (): ScramExchange => new ScramExchange(readFirstMessage(RFC.first), verifier, RFC.ownNonce);

describe('SCRAM-SHA-256', () => {
  it('goes through the example of RFC 7677', () => {
    const running = exchange();
    expect(running.challenge).toBe(RFC.challenge);
    expect(running.finish(RFC.last)).toBe(RFC.proof);
  });

  it('refuses a wrong proof, another nonce, and what is no message', () => {
    const wrong = [
      RFC.last.replace('p=dHzb', 'p=dHzc'),
      RFC.last.replace('r=rOpr', 'r=rOpq'),
      RFC.last.replace(/p=.*/, 'p=AAAA'),
      RFC.last.replace('c=biws', 'c=b'),
      '',
      'p=x'
    ];
    for (const message of wrong) {
      expect(() => exchange().finish(message)).toThrow(ScramFault);
    }
  });

  it('reads the names that SCRAM escapes, and nothing else', () => {
    expect(readFirstMessage('n,,n=a=2Cb=3Dc,r=x')).toMatchObject({ user: 'a,b=c', nonce: 'x' });
    expect(readFirstMessage('y,a=other,n=u,r=x')).toMatchObject({ user: 'u', bare: 'n=u,r=x' });
    for (const message of [
      '',
      'n,,n=,r=x',
      'n,,n=a=2Db,r=x',
      'p=tls-unique,,n=u,r=x',
      'n,,n=u',
      'n,,n=u,r=a,b'
    ]) {
      expect(() => readFirstMessage(message)).toThrow(ScramFault);
    }
    expect(() => readFirstMessage(`n,,n=${'u'.repeat(5_000)},r=x`)).toThrow(ScramFault);
  });

  it('keeps another verifier each time, and none for what SASLprep prohibits', async () => {
    const first = await makeVerifier('pencil', 4096);
    expect(first.storedKey).not.toEqual((await makeVerifier('pencil', 4096)).storedKey);
    await expect(makeVerifier('bell\u0007', 4096)).rejects.toThrow();
  });

  it('pretends the same user again and again, another one for another name', () => {
    const secret = Buffer.alloc(32, 7);
    expect(pretendedVerifier(secret, 'ada')).toEqual(pretendedVerifier(secret, 'ada'));
    expect(pretendedVerifier(secret, 'ada').salt).not.toEqual(pretendedVerifier(secret, 'bob').salt);
  });
});
