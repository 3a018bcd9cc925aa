import { expect } from 'chai';
import { defineRoutes, type Operation } from '../../src/build.js';
import { defineProject } from '../../src/latchkey.js';

class Shelf {
  readonly books = 3;
}

class BooksController {
  constructor(readonly services: { readonly shelf: Shelf }) {}
  list(): number {
    return this.services.shelf.books;
  }
}

class PlainController {
  list(): number {
    return 0;
  }
}

const operation = <Controller extends Operation['controller']>(controller: Controller) => ({
  ...({ method: 'get', path: '/books', handler: 'list', parameters: {}, security: [] } as const),
  controller,
  successStatus: undefined,
});
const common = { root: new URL('file:///'), models: {}, validation: {} as never };

/** TypeScript is the test: an error that is not there is one, too. */
describe('The services of a project', () => {
  const routes = defineRoutes({
    ...common,
    operations: [operation(BooksController), operation(PlainController)],
  });

  it('have those that its controllers name', () => {
    const project = defineProject({ routes, createServices: () => ({ shelf: new Shelf(), other: 1 }) });
    expect(project.routes.operations).to.have.length(2);
    const later = defineProject({ routes, createServices: () => Promise.resolve({ shelf: new Shelf() }) });
    expect(later.routes.operations).to.have.length(2);
    const plain = defineRoutes({ ...common, operations: [operation(PlainController)] });
    expect(defineProject({ routes: plain }).routes.operations).to.have.length(1);
  });

  it('that are not made, or are others, are an error in src/project.ts', () => {
    const project = defineProject({
      // @ts-expect-error -- 'shelf' is missing
      routes,
      createServices: () => ({ shelves: new Shelf() }),
    });
    // @ts-expect-error -- none are made
    const without = defineProject({ routes });
    const other = defineProject({
      // @ts-expect-error -- it is no Shelf
      routes,
      createServices: () => ({ shelf: 3 }),
    });
    expect([project, without, other].map((each) => each.routes)).to.deep.equal([routes, routes, routes]);
  });
});
