/**
 * Fills `{{name}}` places of a template. Throws when a place has no value or a value has no place, so that a
 * template and its code cannot drift apart.
 */
export const fill = (template: string, values: Readonly<Record<string, string>>): string => {
  const used = new Set<string>();
  const filled = template.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`template place {{${name}}} has no value`);
    used.add(name);
    return value;
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`template has no place for ${unused.join(', ')}`);
  return filled;
};
