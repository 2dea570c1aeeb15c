using System.Text.Json;

namespace Folio.Requests;

/// <summary>Fields that change nothing in an answer; what they hold must be what OpenAI's description (Anthropic's, of <c>speed</c>) says, or it was meant for something else.</summary>
internal static class InertFields
{
    /// <summary>What <c>metadata</c> may hold: so many entries, names and values of so many characters.</summary>
    private const int MaxLabels = 16, MaxLabelName = 64, MaxLabelLength = 512;

    /// <summary>OpenAI's tiers, those of its older descriptions too, and Anthropic's one of its own.</summary>
    private static readonly string[] s_tiers = ["auto", "default", "flex", "scale", "priority", "fast", "ultrafast", "standard_only"];

    /// <exception cref="ApiException">The field has another type than it should.</exception>
    public static void Check(Fields body, string name)
    {
        switch (name)
        {
            case "metadata":
                Metadata(body);
                break;
            case "store" or "spaces_between_special_tokens":
                body.Flag(name);
                break;
            case "service_tier":
                body.OneOf(name, s_tiers);
                break;
            case "prompt_cache_retention":
                body.OneOf(name, "in_memory", "in-memory", "24h");
                break;
            case "user" or "safety_identifier" or "prompt_cache_key" or "speed":
                body.Text(name);
                break;
            case "prompt_cache_options":
                body.Object(name);
                break;
            case "prediction":
                Prediction(body);
                break;
        }
    }

    /// <summary>Texts by name.</summary>
    public static Fields? Metadata(Fields body)
    {
        if (body.Object("metadata") is not { } metadata) return null;
        if (metadata.Element.GetPropertyCount() > MaxLabels) throw ApiException.BadRequest($"metadata has {metadata.Element.GetPropertyCount()} entries; at most {MaxLabels} are allowed.", "metadata");
        foreach (JsonProperty label in metadata.Element.EnumerateObject())
        {
            string path = $"metadata.{Fields.Cut(label.Name)}";
            if (label.Name.Length > MaxLabelName) throw ApiException.BadRequest($"{path} has a name of {label.Name.Length} characters; at most {MaxLabelName} are allowed.", "metadata");
            if (Fields.AsText(label.Value, path).Length > MaxLabelLength) throw ApiException.BadRequest($"{path} is longer than {MaxLabelLength} characters.", path);
        }

        return metadata;
    }

    private static void Prediction(Fields body)
    {
        if (body.Object("prediction") is not { } prediction) return;
        if (prediction.OneOf("type", "content") is null) throw prediction.Missing("type", "\"content\"");
        JsonElement content = prediction.Get("content") ?? throw prediction.Missing("content", "a string or a list of parts");
        if (content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array)) throw Fields.Expected("a string or a list of parts", content, prediction.Path("content"));
    }
}
