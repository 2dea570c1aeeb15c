using System.CommandLine;
using Folio.Bench;

namespace Folio.Commands;

/// <summary>The server that is measured, and what all requests to it have in common. Names are vLLM's where it has the option.</summary>
internal sealed class ServerArguments
{
    private const int DefaultVocabulary = 1000;

    private readonly Option<string> _url = new("--base-url") { Description = "The server.", DefaultValueFactory = _ => "http://127.0.0.1:8000" };
    private readonly Option<string?> _model = new("--model", "-m") { Description = "The name that the server gives the model (default: the first that it has)." };
    private readonly Option<string?> _apiKey = new("--api-key") { Description = "Sent as 'Authorization: Bearer …' (default: FOLIO_API_KEY of the environment)." };
    private readonly Option<PromptFormat?> _format = OptionOf.Choice(
        "--prompt-format", "Prompts are token ids, or words for servers that take no ids (default: ids).", ("ids", PromptFormat.Ids), ("text", PromptFormat.Text));

    private readonly Option<int?> _vocabulary = OptionOf.Integer("--vocab-size", $"Token ids of prompts are below this, and from 300 on (default: {DefaultVocabulary}).", least: 2);
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "Answers go on past the model's end token. Those to random prompts and traces always do." };
    private readonly Option<float?> _temperature = OptionOf.Number("--temperature", "0 takes the likeliest token (default: the server's).");

    public ServerArguments(Command command)
    {
        foreach (Option option in (Option[])[_url, _model, _apiKey, _format, _vocabulary, _ignoreEos, _temperature]) command.Options.Add(option);
    }

    public CompletionClient NewClient(ParseResult parsed) => new(parsed.GetValue(_url)!, parsed.GetValue(_apiKey) ?? Environment.GetEnvironmentVariable("FOLIO_API_KEY"));

    /// <param name="ignoreEos">Whatever the option says.</param>
    public async Task<CompletionBody> BodyAsync(ParseResult parsed, CompletionClient client, bool ignoreEos, CancellationToken cancellation) => new(
        parsed.GetValue(_model) ?? await client.FirstModelAsync(cancellation),
        parsed.GetValue(_format) == PromptFormat.Text ? null : parsed.GetValue(_vocabulary) ?? DefaultVocabulary,
        ignoreEos || parsed.GetValue(_ignoreEos),
        parsed.GetValue(_temperature));

    private enum PromptFormat
    {
        Ids,
        Text,
    }
}
