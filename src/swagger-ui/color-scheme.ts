/**
 * Lets Swagger UI's dark mode follow the browser's setting. Swagger UI itself has only a button for it, in a bar that the
 * page does not have.
 */
export function followColorScheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    document.documentElement.classList.toggle('dark-mode', dark.matches);
  };
  dark.addEventListener('change', apply);
  apply();
}
