// What must hold of a release.

export interface ReleaseState {
  readonly version: string;
  /** The versions of what is released with it, by file; undefined: it names none. */
  readonly versions: Readonly<Record<string, string | undefined>>;
  readonly changelog: string;
  /** Of `git status`: what is not committed. */
  readonly changes: string;
  readonly isTagged: boolean;
  /** Whether it is tagged already, and about to be published. */
  readonly isPublishing: boolean;
}

/** @returns what is in the way, and what to do. */
export function findReleaseErrors(state: ReleaseState): string[] {
  const { version, versions, changelog, changes, isTagged, isPublishing } = state;
  const others = Object.entries(versions)
    .filter(([, other]) => other !== version)
    .map(
      ([file, other]) =>
        `package.json has version ${version}, and ${file} has ${other ?? 'none'}. Write the same in both.`,
    );
  const section = findSection(changelog, version);
  const isDated = section !== undefined && /^\d{4}-\d\d-\d\d$/.test(section);
  return [
    ...others,
    ...(section === undefined ? [`CHANGELOG.md has no section "## ${version}, not yet released".`] : []),
    ...(isPublishing && !isDated
      ? [`CHANGELOG.md says no date for ${version}. Run "npm run release" first.`]
      : []),
    ...(!isPublishing && isDated
      ? [`CHANGELOG.md says that ${version} was released. Choose the next version.`]
      : []),
    ...(isTagged && !isPublishing ? [`There is a tag v${version} already. Choose the next version.`] : []),
    ...(changes === '' || isPublishing
      ? []
      : [`There are changes that are not committed:\n${changes.trimEnd()}`]),
  ];
}

/** @returns the changelog with the date of the version. */
export function dateChangelog(changelog: string, version: string, date: string): string {
  return changelog.replace(`## ${version}, not yet released`, `## ${version}, ${date}`);
}

/** @returns what is said of a version in its heading, such as `not yet released` or a date; undefined: it has none. */
function findSection(changelog: string, version: string): string | undefined {
  const heading = changelog.split('\n').find((line) => line.startsWith(`## ${version}, `));
  return heading?.slice(`## ${version}, `.length);
}
