import { Injectable, UnauthorizedException } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { RevokedTokens } from './revoked-tokens.js';

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly revoked: RevokedTokens) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: process.env.VERIFICATION_KEY,
      algorithms: [process.env.ALGORITHM],
    });
  }

  validate(claims: { sub: string; jti: string }) {
    if (this.revoked.has(claims.jti)) throw new UnauthorizedException();
    return { id: claims.sub, tokenId: claims.jti };
  }
}
