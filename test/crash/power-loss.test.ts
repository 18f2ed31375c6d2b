// Power cuts: after one of six operations on the disk, all that was not forced to it is lost.
// thorough.interop.test.ts tries every operation, and what else a power cut may leave.

import { expect, test } from 'vitest';
import { ALL_STORIES, cutPowerEverywhere } from './power-loss.ts';

test.each(ALL_STORIES)('$name', async (story) => {
  const { operations } = await cutPowerEverywhere(story, (n) =>
    n % 6 === story.name.length % 6 ? ['all is lost'] : [],
  );
  expect(operations).toBeGreaterThan(5);
});
