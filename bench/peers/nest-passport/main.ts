// NestJS with passport-jwt and a set of revoked token ids.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { AppController } from './app.controller.js';
import { JwtStrategy } from './jwt.strategy.js';
import { RevokedTokens } from './revoked-tokens.js';

@Module({
  imports: [PassportModule],
  controllers: [AppController],
  providers: [JwtStrategy, RevokedTokens],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(Number(process.env.PORT), '127.0.0.1');
