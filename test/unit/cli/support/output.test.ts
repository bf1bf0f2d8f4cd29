import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { renderOutput, renderTable } from '../../../../src/cli/support/output.js';

describe('renderTable', () => {
  it('aligns columns, whatever colours the cells have', () => {
    const rows = [
      ['demo-node1', '\u001b[32mup\u001b[39m', '10.77.0.11'],
      ['n2', 'stopped', ''],
    ];
    expect(renderTable(['name', 'state', 'address'], rows)).toBe(
      [
        'NAME         STATE     ADDRESS',
        'demo-node1   \u001b[32mup\u001b[39m        10.77.0.11',
        'n2           stopped',
        '',
      ].join('\n'),
    );
  });

  it('shows the header of an empty table', () => {
    expect(renderTable(['name', 'state'], [])).toBe('NAME   STATE\n');
  });
});

describe('renderOutput', () => {
  const data = { lab: 'demo', nodes: ['yes', 'no'] };

  it('shows the same data as JSON and as YAML', async () => {
    expect(JSON.parse(await renderOutput('json', data, () => ''))).toEqual(data);
    expect(parse(await renderOutput('yaml', data, () => ''))).toEqual(data);
  });

  it('draws the table only for the format `table`', async () => {
    const never = (): string => expect.fail('drawn');
    await renderOutput('json', data, never);
    expect(await renderOutput('table', data, () => 'drawn\n')).toBe('drawn\n');
  });
});
