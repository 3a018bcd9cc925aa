import { Injectable } from '@nestjs/common';

@Injectable()
export class RevokedTokens {
  private readonly ids = new Set<string>();

  add(id: string) {
    this.ids.add(id);
  }

  has(id: string) {
    return this.ids.has(id);
  }
}
