using Folio.Engine;

namespace Folio.Server;

/// <summary>Where the fields of a chat's body came from that was written for a body of another API, so that errors name what the client has sent.</summary>
internal sealed class FieldNames
{
    private readonly List<(string Chat, string Own)> _names = [];

    /// <summary>Paths that begin with <paramref name="chat"/> are known to the client by another beginning. Of several that fit, the latest counts.</summary>
    public void Add(string chat, string own) => _names.Add((chat, own));

    public ApiException Translate(FolioException error)
    {
        (int status, string? parameter) = error switch
        {
            ApiException api => (api.Status, api.Parameter),
            RequestException request => (400, request.Parameter),
            _ => throw error,
        };
        int found = parameter is null ? -1 : _names.FindLastIndex(name => Begins(parameter, name.Chat));
        if (found < 0) return new(status, error.Message, parameter);
        string own = _names[found].Own + parameter![_names[found].Chat.Length..];
        return new(status, error.Message.StartsWith(parameter, StringComparison.Ordinal) ? own + error.Message[parameter.Length..] : error.Message, own);
    }

    private static bool Begins(string path, string beginning) => path.StartsWith(beginning, StringComparison.Ordinal) && (path.Length == beginning.Length || path[beginning.Length] is '.' or '[');
}
