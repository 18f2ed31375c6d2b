// The sections of INFO, in its order.

import type { InfoSection } from '../engine/info-section.ts';

export const INFO_SECTIONS: readonly InfoSection[] = [];
