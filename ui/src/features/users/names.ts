/** What a person is called: the parts, and the name that is shown. */

interface Names {
  name: string;
  first_name: string;
  last_name: string;
}

/** For a body: what is as it was follows first and last name there; what was emptied is them. */
export function shownAs({ name, first_name, last_name }: Names, before?: string): { name?: string } {
  if (name.trim() === '') return { name: `${first_name.trim()} ${last_name.trim()}`.trim() || undefined };
  return name === before ? {} : { name };
}
