using System.Text.Json;
using Folio.Tokenization.Templates;

namespace Folio.Tokenization.Tests.Templates;

/// <summary>The reference renderings under ../shared/vectors/chat-templates and the template texts that belong to them.</summary>
internal static class ReferenceTemplates
{
    private const string Folder = "vectors/chat-templates";

    /// <summary>A folder with the texts of templates whose licence keeps them out of ../shared, as NAME.jinja.</summary>
    private const string FurtherTemplates = "FOLIO_CHAT_TEMPLATES";

    /// <summary>What strftime_now sees in the reference renderings.</summary>
    public static DateTimeOffset Now { get; } = new(2024, 7, 26, 14, 30, 5, TimeSpan.Zero);

    public static IEnumerable<string> Names => TestData.SharedNames(Folder, "*.json").Select(name => name[..^5]).Except(["index", "conversations", "mistral-common"]);

    public static IEnumerable<string> ShippedNames => TestData.SharedNames(Folder + "/templates", "*.jinja").Select(name => name[..^6]);

    public static JsonElement Conversations => JsonFile.Read(TestData.Shared("vectors", "chat-templates", "conversations.json")).GetProperty("conversations");

    public static JsonElement Cases(string name) => JsonFile.Read(TestData.Shared("vectors", "chat-templates", name + ".json"));

    /// <summary>Parses the template of that name; skips the test where its text is not here.</summary>
    public static ChatTemplate Load(string name)
    {
        string path = Path.Combine(TestData.Shared("vectors", "chat-templates", "templates"), name + ".jinja");
        if (!File.Exists(path)) path = Path.Combine(Environment.GetEnvironmentVariable(FurtherTemplates) ?? "", name + ".jinja");
        if (!File.Exists(path)) Assert.Skip($"the licence of {name} keeps its text out of the reference data; put it into the folder that {FurtherTemplates} names");
        return ChatTemplate.Parse(File.ReadAllText(path), name);
    }

    /// <summary>The input that a case of a reference file describes.</summary>
    public static ChatTemplateInput InputOf(JsonElement file, JsonElement @case, JsonElement conversations)
    {
        JsonElement conversation = conversations.GetProperty(@case.GetProperty("conversation").GetString()!);
        bool hasKwargs = @case.TryGetProperty("kwargs", out JsonElement kwargs);
        bool continues = hasKwargs && kwargs.TryGetProperty("continue_final_message", out JsonElement flag) && flag.GetBoolean();
        return new ChatTemplateInput
        {
            Messages = conversation.GetProperty("messages"),
            Tools = conversation.TryGetProperty("tools", out JsonElement tools) ? tools : null,
            AddGenerationPrompt = @case.GetProperty("add_generation_prompt").GetBoolean(),
            ContinueFinalMessage = continues,
            Kwargs = hasKwargs && !continues ? kwargs : null,
            BosToken = file.GetProperty("bos_token").GetString(),
            EosToken = file.GetProperty("eos_token").GetString(),
            Clock = () => Now,
        };
    }
}

internal static class JsonFile
{
    public static JsonElement Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    public static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
