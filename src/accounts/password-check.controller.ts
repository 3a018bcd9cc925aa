import { Body, NoSecurity, Post, Request, Response, Route, SuccessResponse, Tags } from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import { countRequest, type RequestLimits } from '../authentication/request-limits.js';
import type { Config } from '../config/config.js';
import {
  describeViolation,
  languages,
  type Language,
  type LocalPasswordViolation,
} from '../passwords/password-violations.js';
import { Problem } from '../problems/problem.js';
import type { ProblemDetails } from '../problems/problem.models.js';
import {
  PasswordRefusalCode,
  PasswordStrengthName,
  type PasswordCheckRequest,
  type PasswordCheckResult,
} from './password-check.models.js';
import type { PasswordCheckService } from './password-check.service.js';

const names = [
  PasswordStrengthName.VeryWeak,
  PasswordStrengthName.Weak,
  PasswordStrengthName.Fair,
  PasswordStrengthName.Strong,
  PasswordStrengthName.VeryStrong,
] as const;

const texts: Readonly<Record<Language, readonly [string, string, string, string, string]>> = {
  en: ['Very weak', 'Weak', 'Fair', 'Strong', 'Very strong'],
  de: ['Sehr schwach', 'Schwach', 'Mäßig', 'Stark', 'Sehr stark'],
};

const codes: Readonly<Record<LocalPasswordViolation['code'], PasswordRefusalCode>> = {
  unfit_character: PasswordRefusalCode.UnfitCharacter,
  too_short: PasswordRefusalCode.TooShort,
  too_long: PasswordRefusalCode.TooLong,
  username: PasswordRefusalCode.Username,
  common: PasswordRefusalCode.Common,
  context_word: PasswordRefusalCode.ContextWord,
};

@Route('password')
@Tags('Own account')
export class PasswordCheckController {
  constructor(
    private readonly services: {
      readonly config: Config;
      readonly passwordChecks: PasswordCheckService;
      readonly requestLimits: RequestLimits;
    },
  ) {}

  /**
   * Says how strong a password is while somebody chooses it, and whether the service would take it: in words, in English or
   * German. Anyone may ask, because people who sign up have no account yet; a limit per address applies. It reveals nothing
   * about any account.
   * @summary Rate a password
   */
  @Post('check')
  @NoSecurity()
  @SuccessResponse(200, 'Rated.')
  @Response<ProblemDetails>(404, 'The service rates no passwords: `password_check_off`.')
  @Response<ProblemDetails>(429, 'The limit per address is reached, or too many wait: `too_many_requests`.')
  @Response<ProblemDetails>(503, 'The service cannot rate it now: `busy`.')
  public async checkPassword(
    @Body() body: PasswordCheckRequest,
    @Request() request: HttpRequest,
  ): Promise<PasswordCheckResult> {
    if (this.services.config.passwordCheckLimit === 0) throw new Problem('password_check_off');
    countRequest(request, this.services, 'passwordCheck');
    const { password, username = '', email, display_name: displayName } = body;
    const language = body.language ?? chooseLanguage(request);
    const owner = { username, email, displayName };
    const { violation, score, ...rated } = await this.services.passwordChecks.check(
      password,
      owner,
      language,
    );
    return {
      allowed: !violation,
      ...(violation && {
        refusal: { code: codes[violation.code], text: describeViolation(violation, language) },
      }),
      score,
      strength: names[score],
      text: texts[language][score],
      ...(rated.warning !== undefined && { warning: rated.warning }),
      suggestions: [...rated.suggestions],
      guesses_log10: Math.round(rated.guessesLog10 * 100) / 100,
    };
  }
}

function chooseLanguage(request: HttpRequest): Language {
  const preferred = request.acceptsLanguages(...languages);
  return languages.find((each) => each === preferred) ?? 'en';
}
