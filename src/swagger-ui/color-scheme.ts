/**
 * Has the dark mode of Swagger UI follow the browser's setting. Swagger UI switches by a button alone, in a bar that the
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
