/** A shell script, as text: the build and the tests load it so. */
declare module '*.sh' {
  const text: string;
  // eslint-disable-next-line no-restricted-syntax -- what loads texts gives them a default export
  export default text;
}
