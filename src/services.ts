/** Makes the services of your own API: controllers get them beside Latchkey's, by the names that they have here. */
export function createServices() {
  return {};
}
