/** Version of this agent, as it reports it; a test holds it to package.json. */
export const AGENT_BUILD = '0.1.0';
