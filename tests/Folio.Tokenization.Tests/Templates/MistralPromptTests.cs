using System.Text.Json;
using Folio.Tokenization.Templates;

namespace Folio.Tokenization.Tests.Templates;

/// <summary>Template and tokenizer together, against the ids that mistral-common makes of a conversation piece by piece, without ever writing marks as text.</summary>
public class MistralPromptTests
{
    // One of the conversations is full of marks. Version 1 is left out: there the published tokenizer.json puts a space after each mark that mistral-common does not.
    [Theory]
    [InlineData("v3", "Mistral-7B-v0.3-style", "mistral_v3_spm")]
    [InlineData("v3-tekken", "mistralai-Mistral-Nemo-Instruct-2407", "mistral_nemo")]
    public void A_rendered_conversation_becomes_the_ids_of_mistral_common(string version, string templateName, string tokenizerName)
    {
        ChatTemplate template = ReferenceTemplates.Load(templateName);
        Tokenizer tokenizer = Vectors.Of(tokenizerName).Tokenizer;
        JsonElement conversations = ReferenceTemplates.Conversations;
        HashSet<string> compared = [];
        foreach (JsonElement @case in ReferenceTemplates.Cases("mistral-common").GetProperty("cases").EnumerateArray())
        {
            string name = @case.GetProperty("conversation").GetString()!;
            JsonElement conversation = conversations.GetProperty(name);
            JsonElement messages = conversation.GetProperty("messages");
            bool isText = messages.EnumerateArray().All(message => message.TryGetProperty("content", out JsonElement content) && content.ValueKind == JsonValueKind.String);
            if (@case.GetProperty("tokenizer").GetString() != version || !@case.TryGetProperty("ids", out JsonElement ids) || !isText || name == "consecutive-users") continue;
            RenderedPrompt prompt = template.Render(new ChatTemplateInput
            {
                Messages = messages,
                Tools = conversation.TryGetProperty("tools", out JsonElement tools) ? tools : null,
                BosToken = "<s>",
                EosToken = "</s>",
            });
            if (prompt.Text != PlainText(@case.GetProperty("text").GetString()!)) continue; // the library puts a system prompt elsewhere, or trims
            Assert.Equal(ids.EnumerateArray().Select(id => id.GetInt32()), tokenizer.Encode(prompt.Text, prompt.InputSpans));
            compared.Add(name);
        }

        Assert.Superset(new HashSet<string>(["single-user", "system-user", "multi-turn", "system-multi-turn", "marks-in-text", "tools-no-call", "tools-system"]), compared);
    }

    /// <summary>mistral-common's debug text shows a space as ▁ and some bytes as &lt;0x0A&gt;.</summary>
    private static string PlainText(string debug) => debug.Replace('\u2581', ' ').Replace("<0x0A>", "\n").Replace("<0x09>", "\t");
}
