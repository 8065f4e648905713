/** Version of this software, written into everything it makes. A test holds it against package.json. */
export const TOOL_VERSION = '0.1.0';
