using System.Net;
using System.Text.RegularExpressions;

namespace Folio.Formats.Hub;

/// <summary>What the hub's statuses and error codes mean to the person who asked.</summary>
internal static partial class HubRefusal
{
    public static bool MayPass(HttpStatusCode status) => (int)status is 408 or 429 or >= 500;

    /// <summary>Retry-After, or the reset time of the hub's own header (RateLimit: "api";r=0;t=244).</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage answer)
    {
        if (answer.Headers.RetryAfter is { } after)
        {
            TimeSpan wait = after.Delta ?? after.Date - DateTimeOffset.UtcNow ?? TimeSpan.Zero;
            return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        }

        if (answer.StatusCode != HttpStatusCode.TooManyRequests || !answer.Headers.TryGetValues("RateLimit", out IEnumerable<string>? limits)) return null;
        Match reset = ResetTime().Match(string.Join(',', limits));
        return reset.Success ? TimeSpan.FromSeconds(int.Parse(reset.ValueSpan[3..])) : null;
    }

    /// <param name="file">Null: it was asked for the listing.</param>
    public static HubException Of(HttpResponseMessage answer, HubSettings settings, string repository, string revision, string? file)
    {
        string? Header(string name) => answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? HubText.Clean(values.First()) : null;
        string host = settings.Host;
        string? said = Header("X-Error-Message");
        switch (Header("X-Error-Code"))
        {
            case "GatedRepo":
                return new($"{repository} is gated: accept its terms at {settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{repository}, and set HF_TOKEN to a token of the account that did{(settings.Token is null ? "" : " (the one in use doesn't open it)")}.");
            case "RevisionNotFound":
                return new($"{repository} has no revision '{revision}' at {host}.");
            case "EntryNotFound":
                return new($"{repository} has no file '{file}' at revision {revision}.");
            case "RepoNotFound":
                return UnknownRepository();
        }

        return answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized when said?.StartsWith("Invalid credentials", StringComparison.Ordinal) == true => new($"{host} doesn't know the token in use (HF_TOKEN, or the file of `hf auth login`): make a new one at {settings.Endpoint.AbsoluteUri.TrimEnd('/')}/settings/tokens."),
            HttpStatusCode.Unauthorized => UnknownRepository(),
            HttpStatusCode.Forbidden => new($"{host} forbids {repository}: {said ?? "the account has no right to it"}."),
            HttpStatusCode.NotFound when file is null => UnknownRepository(),
            HttpStatusCode.NotFound => new($"{repository} has no file '{file}' at revision {revision}."),
            _ => new($"{host} answers {(int)answer.StatusCode} {HubText.Clean(answer.ReasonPhrase ?? "")} when asked for {file ?? repository}{(said is null ? "" : $": {said}")}."),
        };

        // A hub tells who may not see a repository the same as who asks for none.
        HubException UnknownRepository() =>
            new($"{host} has no repository {repository}, or it is private: {(settings.Token is null ? "set HF_TOKEN to a token that may read it" : "the token in use doesn't open it")}.") { IsUnknownRepository = true };
    }

    [GeneratedRegex(";t=[0-9]{1,6}")]
    private static partial Regex ResetTime();
}
