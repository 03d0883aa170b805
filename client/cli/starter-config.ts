/** A commented configuration to begin with; it is valid as it is. */
export function starterConfig(schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# Which models gantry asks, in which order, and what they may cost. gantry doctor says what is wrong with this file.
# Keys never stand here: they are read from variables of the environment of the workers.
# Variables stand above the file: GANTRY__PROVIDERS__ANTHROPIC__BASE_URL sets the base-url of anthropic.

organisation: default # whose budgets these are

# In order of preference. One whose key is not set is left out; nothing of it has to be removed here.
providers:
  anthropic: # named after a vendor whose address is known; its key is ANTHROPIC_API_KEY
    models: [claude-sonnet-5] # the first is asked where nobody names one
  openai:
    models: [gpt-6-sol]
  ollama: # on this machine, without a key and without cost
    models: [qwen3:8b]
  # house: # any other server of OpenAI's protocol
  #   base-url: https://models.example.com/v1
  #   key: HOUSE_API_KEY # the name of the variable, never the key
  #   models: [mistral-large]
  #   tags: [eu] # policies know it by this word
  #   prices: { '*': { input: 2, output: 6 } } # US dollars for a million tokens

# Named lists; the first who can answer does, the others stand by.
chains:
  default: [anthropic, openai, ollama] # for whatever no route fits
  cheap: [ollama, anthropic]

# Answers when all others are out of order for longer than can be waited.
# last-resort: ollama

# The first rule that fits decides.
routes:
  - { task: simple, chain: cheap }

# Who may be asked at all.
# policies:
#   - { name: stays-at-home, mode: HARD, project: secret-plans, allow: [local] }

# What may be spent, in US dollars.
# budgets:
#   limits: { month: 200 }
#   over: local # then a model that costs nothing answers
#   teams:
#     platform: { limits: { month: 50 }, projects: [calculator] }
`;
}
