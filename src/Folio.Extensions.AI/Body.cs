using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Folio.Engine;
using Microsoft.Extensions.AI;

namespace Folio.Extensions.AI;

/// <summary>A request's body made of options: written here, read as the server reads it.</summary>
internal static class Body
{
    private const int MaxDepth = 128; // values may be as deep as a body, and stand within one

    /// <summary>What the body means.</summary>
    /// <exception cref="RequestException">A field of it can't be honoured.</exception>
    public static T Read<T>(JsonObject body, Func<Fields, ServedModel, T> read, ServedModel served)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body.ToJsonString(), new() { MaxDepth = MaxDepth });
            return read(new(document.RootElement), served);
        }
        catch (ApiException error)
        {
            throw new RequestException(error.Message, error.Parameter);
        }
        catch (JsonException error)
        {
            throw new RequestException($"the request can't be written as JSON: {error.Message}");
        }
    }

    /// <returns>Null: it isn't loaded yet.</returns>
    public static LlmEngine? EngineOf(ServedModel served)
    {
        try
        {
            return served.Engine;
        }
        catch (EngineUnavailableException)
        {
            return null;
        }
    }

    /// <summary>The same of what takes its time.</summary>
    public static async Task<T> RefuseAsync<T>(Task<T> task)
    {
        try
        {
            return await task.ConfigureAwait(false);
        }
        catch (ApiException error)
        {
            throw new RequestException(error.Message, error.Parameter);
        }
    }

    /// <summary>The fields that a caller's own factory begins with; none without one.</summary>
    /// <param name="made">What the factory has made.</param>
    /// <param name="route">The route whose fields they are.</param>
    public static JsonObject Begin(object? made, string route) => made switch
    {
        null => [],
        JsonObject fields => (JsonObject)fields.DeepClone(),
        _ => throw new RequestException($"RawRepresentationFactory made a {made.GetType().Name}; a JsonObject, fields of {route}, was expected."),
    };

    /// <summary>Adds fields that no option stands for. One that is there already was set by another option.</summary>
    public static void Add(JsonObject body, AdditionalPropertiesDictionary? properties)
    {
        foreach ((string name, object? value) in properties ?? [])
        {
            if (body.ContainsKey(name)) throw new RequestException($"AdditionalProperties has {name}, which another option has set; one of them was expected.", name);
            body[name] = Node(value, $"AdditionalProperties' {name}");
        }
    }

    /// <summary>Any value as JSON.</summary>
    /// <param name="what">Names it in errors.</param>
    public static JsonNode? Node(object? value, string what) => value switch
    {
        null => null,
        JsonNode node => node.DeepClone(),
        JsonElement element => Node(element),
        string text => JsonValue.Create(text),
        _ => Serialized(value, what),
    };

    public static JsonNode? Node(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ => JsonValue.Create(element),
    };

    /// <summary>By the contracts of Microsoft.Extensions.AI: a type that they don't know, in a program without reflection, is an error.</summary>
    private static JsonNode? Serialized(object value, string what)
    {
        try
        {
            JsonTypeInfo type = AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType());
            return JsonSerializer.SerializeToNode(value, type);
        }
        catch (Exception error) when (error is NotSupportedException or JsonException or InvalidOperationException)
        {
            throw new RequestException($"{what} is a {value.GetType().Name}, which can't be written as JSON: {error.Message}");
        }
    }
}
