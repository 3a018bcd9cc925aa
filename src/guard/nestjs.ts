import {
  applyDecorators,
  createParamDecorator,
  ForbiddenException,
  Inject,
  Injectable,
  Module,
  ServiceUnavailableException,
  SetMetadata,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type HttpException,
  type ModuleMetadata,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { Caller } from './claims.js';
import type { RawRequest } from './credentials.js';
import { resolveOptions, type GuardOptions } from './options.js';
import { Refusal } from './refusal.js';
import { readDemand, type Demand, type Requirements } from './requirements.js';
import { TokenGuard } from './token-guard.js';

/** What Express's request and Fastify's have in common. */
interface NestRequest {
  readonly headers: RawRequest['headers'];
  readonly rawHeaders?: readonly string[];
  readonly raw?: { readonly rawHeaders: readonly string[] };
}
interface NestResponse {
  header(name: string, value: string): unknown;
}

const demandKey = 'latchkey:demand';
const anyToken: Demand = { requirements: [], optional: false };
/** Requests that were let through. */
const callers = new WeakMap<object, Caller | undefined>();

/** The guard that `LatchkeyModule` provides: inject it for `isCurrent`, or for `check` of a token that comes by other means. */
export class NestGuard extends TokenGuard implements OnModuleInit, OnModuleDestroy {
  /** @internal */
  onModuleInit(): Promise<void> {
    return this.start();
  }

  /** @internal */
  onModuleDestroy(): Promise<void> {
    return this.close();
  }

  /** @internal */
  async activate(request: NestRequest, response: NestResponse, demand: Demand): Promise<void> {
    const { headers, rawHeaders, raw } = request;
    const authorization = this.readAuthorization({
      headers,
      rawHeaders: rawHeaders ?? raw?.rawHeaders ?? [],
    });
    try {
      callers.set(request, await this.admit(request, authorization, demand));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      for (const [name, value] of Object.entries(error.headers)) {
        // Filters of the API's own send bodies of their own.
        if (name !== 'Content-Type' || this.options.refusals === 'respond') response.header(name, value);
      }
      throw toException(error);
    }
  }
}

/** Nest's own exceptions, so that filters for them see these, too; the cause is the `Refusal`. */
function toException(refusal: Refusal): HttpException {
  const Exception = exceptions[refusal.status] ?? ServiceUnavailableException;
  const exception = new Exception(refusal.problem, { cause: refusal });
  exception.message = refusal.message;
  return exception;
}

const exceptions: Readonly<Record<number, typeof UnauthorizedException>> = {
  401: UnauthorizedException,
  403: ForbiddenException,
};

/** Lets a request through that has what `@Requires()` says; without that decorator, one with any good token. */
@Injectable()
export class LatchkeyGuard implements CanActivate {
  constructor(@Inject(NestGuard) private readonly latchkey: NestGuard) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const demand = readMetadata(context) ?? anyToken;
    if (demand === 'public') return true;
    const http = context.switchToHttp();
    await this.latchkey.activate(http.getRequest(), http.getResponse(), demand);
    return true;
  }
}

/** Of the method, or else of its class. */
function readMetadata(context: ExecutionContext): Demand | 'public' | undefined {
  const [ofMethod, ofClass] = [context.getHandler(), context.getClass()].map(
    (target) => Reflect.getMetadata(demandKey, target) as Demand | 'public' | undefined,
  );
  return ofMethod ?? ofClass;
}

/**
 * On a controller or a method of one: lets a request through whose access token is good and has all of these. On a method
 * it replaces the one of the class.
 * @param requirements permissions, `fresh` or `fresh:300`, and `{ optional: true }` last; none: any good token.
 */
export function Requires(...requirements: Requirements): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(demandKey, readDemand(requirements)), UseGuards(LatchkeyGuard));
}

/** On a method whose class, or whose whole app, requires a token: anybody may call it. */
export function Public(): ClassDecorator & MethodDecorator {
  return SetMetadata(demandKey, 'public');
}

/** A parameter of a method: who calls; undefined where the token was optional, and there was none. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<object>();
  if (!callers.has(request))
    throw new Error('No guard has let this request through: put @Requires() on its method.');
  return callers.get(request);
});

interface AsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: readonly unknown[];
  // Nest gives what `inject` names.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly useFactory: (...injected: any[]) => GuardOptions | Promise<GuardOptions>;
}

/** Provides the guard to the whole app: it follows the feed from the app's start to its end. */
@Module({})
export class LatchkeyModule {
  static forRoot(options: GuardOptions): DynamicModule {
    return LatchkeyModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: AsyncOptions): DynamicModule {
    const provider = {
      provide: NestGuard,
      inject: inject as never[],
      useFactory: async (...injected: unknown[]) =>
        new NestGuard(resolveOptions(await useFactory(...injected))),
    };
    return {
      module: LatchkeyModule,
      global: true,
      imports,
      providers: [provider, LatchkeyGuard],
      exports: [NestGuard, LatchkeyGuard],
    };
  }
}
