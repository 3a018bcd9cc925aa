import { Controller, Get, HttpCode, Post, Request, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { RevokedTokens } from './revoked-tokens.js';

@Controller()
@UseGuards(AuthGuard('jwt'))
export class AppController {
  constructor(private readonly revoked: RevokedTokens) {}

  @Get('protected')
  getProtected() {
    return { message: 'This is a protected endpoint.' };
  }

  @Post('logout')
  @HttpCode(204)
  logout(@Request() request: { user: { tokenId: string } }) {
    this.revoked.add(request.user.tokenId);
  }
}
