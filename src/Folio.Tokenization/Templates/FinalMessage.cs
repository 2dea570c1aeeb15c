namespace Folio.Tokenization.Templates;

/// <summary>continue_final_message as transformers does it: a tag goes after the last message's content, and the prompt ends where the tag shows up.</summary>
internal static class FinalMessage
{
    /// <summary>The space at its end tells whether the template trims what it prints.</summary>
    private const string Tag = "CONTINUE_FINAL_MESSAGE_TAG ";

    public static PyList Mark(Rendering run, PyList messages)
    {
        if (messages.Items.Length == 0 || messages.Items[^1] is not PyDict message || !message.Items.TryGetValue(PyString.Written("content"), out object? content))
        {
            throw new EvaluationException("continue_final_message needs a last message that has content");
        }

        message.Set(PyString.Written("content"), content switch
        {
            PyString text => Tagged(run, text),
            PyList parts => MarkLastText(run, parts),
            _ => throw new EvaluationException("continue_final_message needs a last message whose content is text"),
        });
        return messages;
    }

    public static PyString Cut(PyString prompt)
    {
        string text = prompt.Text;
        int at = text.LastIndexOf(Tag.TrimEnd(), StringComparison.Ordinal);
        if (at < 0) throw new EvaluationException("continue_final_message is set, but the template does not print the last message");
        bool isTrimmed = string.CompareOrdinal(text, at, Tag, 0, Tag.Length) != 0;
        return prompt.Part(0, isTrimmed ? PyText.TrimmedEnd(text.AsSpan(0, at)) : at);
    }

    private static PyList MarkLastText(Rendering run, PyList parts)
    {
        PyString key = PyString.Written("text");
        object? last = parts.Items.LastOrDefault(part => part is PyDict dict && dict.Items.ContainsKey(key));
        if (last is not PyDict block || block.Items[key] is not PyString text) throw new EvaluationException("continue_final_message needs a text in the last message's content");
        block.Set(key, Tagged(run, text));
        return parts;
    }

    private static PyString Tagged(Rendering run, PyString text) => new PyStringBuilder(run).Append(text).Append(Tag).ToPyString();
}
