using System.CommandLine;
using Folio.Bench;

namespace Folio.Commands;

/// <summary>The server that is measured, and what all requests to it have in common. Names are vLLM's where it has the option.</summary>
internal sealed class ServerArguments
{
    private const int DefaultVocabulary = 1000, DefaultPort = 8000;
    private const string DefaultHost = "127.0.0.1";

    private readonly Option<string?> _url = new("--base-url") { Description = $"The server (default: http://{DefaultHost}:{DefaultPort})." };
    private readonly Option<string?> _host = new("--host") { Description = $"The server's name or address, instead of --base-url (default: {DefaultHost})." };
    private readonly Option<int?> _port = OptionOf.Integer("--port", $"The server's port, instead of --base-url (default: {DefaultPort}).", most: ushort.MaxValue);
    private readonly Option<string?> _model = new("--model", "-m") { Description = "The name that the server gives the model (default: the first that it has)." };
    private readonly Option<string?> _apiKey = new("--api-key") { Description = "Sent as 'Authorization: Bearer …' (default: FOLIO_API_KEY of the environment)." };
    private readonly Option<PromptFormat?> _format = OptionOf.Choice(
        "--prompt-format", "Prompts are token ids, or words for servers that take no ids (default: ids).", ("ids", PromptFormat.Ids), ("text", PromptFormat.Text));

    private readonly Option<int?> _vocabulary = OptionOf.Integer("--vocab-size", $"Token ids of prompts are below this, and from 300 on (default: {DefaultVocabulary}).", least: 2);
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "Answers go on past the model's end token. Those to random prompts and traces always do." };
    private readonly Option<float?> _temperature = OptionOf.Number("--temperature", "0 takes the likeliest token (default: the server's).");

    public ServerArguments(Command command)
    {
        foreach (Option option in (Option[])[_url, _host, _port, _model, _apiKey, _format, _vocabulary, _ignoreEos, _temperature]) command.Options.Add(option);
        command.Validators.Add(given =>
        {
            if (given.GetResult(_url) is not null && (given.GetResult(_host) ?? given.GetResult(_port)) is not null) given.AddError("--base-url says where the server is, and so do --host and --port; one or the other was expected.");
        });
    }

    public CompletionClient NewClient(ParseResult parsed) => new(Url(parsed), parsed.GetValue(_apiKey) ?? Environment.GetEnvironmentVariable("FOLIO_API_KEY"));

    /// <param name="ignoreEos">Whatever the option says.</param>
    public async Task<CompletionBody> BodyAsync(ParseResult parsed, CompletionClient client, bool ignoreEos, CancellationToken cancellation) => new(
        parsed.GetValue(_model) ?? await client.FirstModelAsync(cancellation),
        parsed.GetValue(_format) == PromptFormat.Text ? null : parsed.GetValue(_vocabulary) ?? DefaultVocabulary,
        ignoreEos || parsed.GetValue(_ignoreEos),
        parsed.GetValue(_temperature));

    private string Url(ParseResult parsed)
    {
        if (parsed.GetValue(_url) is { } url) return url;
        string host = parsed.GetValue(_host) ?? DefaultHost;
        if (Uri.CheckHostName(host.Trim('[', ']')) is var kind && kind == UriHostNameType.Unknown) throw new FolioException($"--host is '{host}'; a name or an address such as {DefaultHost} was expected.");
        return new UriBuilder(Uri.UriSchemeHttp, host, parsed.GetValue(_port) ?? DefaultPort).Uri.GetLeftPart(UriPartial.Authority);
    }

    private enum PromptFormat
    {
        Ids,
        Text,
    }
}
