/**
 * Fills the placeholders `{{name}}` of a template. Throws when a placeholder has no value or a value has no placeholder, so
 * that template and code stay in step.
 */
export const fill = (template: string, values: Readonly<Record<string, string>>): string => {
  const used = new Set<string>();
  const filled = template.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`template placeholder {{${name}}} has no value`);
    used.add(name);
    return value;
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`template has no placeholder for ${unused.join(', ')}`);
  return filled;
};
