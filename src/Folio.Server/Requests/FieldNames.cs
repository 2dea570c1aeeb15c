using Folio.Engine;

namespace Folio.Server;

/// <summary>Where the fields of a chat's body came from that was written for a body of another API, so that errors name what the client has sent.</summary>
internal sealed class FieldNames
{
    private readonly List<(string Chat, string Own)> _names = [];

    /// <summary>Paths that begin with <paramref name="chat"/> are known to the client by another beginning. Of several that fit, the latest counts.</summary>
    public void Add(string chat, string own) => _names.Add((chat, own));

    /// <summary>Does what reads a body that was written for another API: where it throws, the error names the fields that the client has sent.</summary>
    public static async Task<T> InClientsNames<T>(Func<FieldNames, Task<T>> read)
    {
        var names = new FieldNames();
        try
        {
            return await read(names);
        }
        catch (FolioException error) when (names.Translate(error) is { } own)
        {
            throw own;
        }
    }

    /// <returns>Null: it isn't the request that is at fault.</returns>
    public ApiException? Translate(FolioException error) => error switch
    {
        ApiException api => Translate(api),
        RequestException request => Translate(400, error.Message, request.Parameter),
        _ => null,
    };

    public ApiException Translate(ApiException error) => Translate(error.Status, error.Message, error.Parameter);

    private ApiException Translate(int status, string message, string? parameter)
    {
        int found = parameter is null ? -1 : _names.FindLastIndex(name => Begins(parameter, name.Chat));
        if (found < 0) return new(status, message, parameter);
        string own = _names[found].Own + parameter![_names[found].Chat.Length..];
        return new(status, message.StartsWith(parameter, StringComparison.Ordinal) ? own + message[parameter.Length..] : message, own);
    }

    private static bool Begins(string path, string beginning) => path.StartsWith(beginning, StringComparison.Ordinal) && (path.Length == beginning.Length || path[beginning.Length] is '.' or '[');
}
